"""`python -m tools.audit`: known vulnerabilities in what requirements.txt names, by pip-audit.

The answer comes from the network. Where that cannot be reached it is said and does not fail, so that `make lint`
works on a train; a vulnerability that is found does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.given import arguments

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "requirements.txt"


def main() -> int:
    """Exit status 1 where a vulnerability is known."""
    words = ["--requirement", str(REQUIREMENTS), "--no-deps", "--disable-pip", "--format", "json", "--timeout", "20"]
    done = subprocess.run([sys.executable, "-m", "pip_audit", *words], capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        print(f"pip-audit: not asked, the vulnerability service cannot be reached ({reason[:200]})")
        return 0
    found = [(each, fault) for each in report["dependencies"] for fault in each.get("vulns", ())]
    for each, fault in found:
        print(f"{each['name']} {each['version']}: {fault['id']}, fixed in {', '.join(fault['fix_versions'])}")
    print(f"pip-audit: {len(report['dependencies'])} packages, {len(found)} known vulnerabilities")
    return int(bool(found))


if __name__ == "__main__":
    arguments(__doc__, takes_any=False)
    sys.exit(main())

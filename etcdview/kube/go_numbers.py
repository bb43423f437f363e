"""Numbers as Go writes them, which is not as Python does: encoding/json for JSON, strconv's 'g' for YAML.

An integer that does not fit into 64 bits is a float64 to Kubernetes, and is printed as one.
"""

from __future__ import annotations

from decimal import Decimal

INT64 = range(-(1 << 63), 1 << 63)
_UINT64_MAX = (1 << 64) - 1


def json_number(value: int | float) -> str:
    """As kubectl -o json prints it: no exponent between 1e-6 and 1e21."""
    if isinstance(value, int) and value in INT64:
        return str(value)
    number = float(value)
    if number == 0:
        return "-0" if str(number)[0] == "-" else "0"
    sign, digits, exponent = _decimal(number)
    if -7 < exponent < 21:
        return format(Decimal(repr(number)).normalize(), "f")
    return f"{sign}{_mantissa(digits)}e{exponent:+d}"


def yaml_number(value: int | float) -> str:
    """As kubectl -o yaml prints it, which goes by way of JSON: whole numbers up to 64 bits without exponent."""
    text = json_number(value)
    if text == "-0":
        return "0"
    if text.lstrip("-").isdigit() and -(1 << 63) <= int(text) <= _UINT64_MAX:
        return text
    return shortest_number(float(text))


def shortest_number(value: float) -> str:
    """As strconv's 'g' with the fewest digits, and so fmt's %v: an exponent below 1e-4 and from 1e6 on."""
    if value == 0:
        return "-0" if str(value)[0] == "-" else "0"
    sign, digits, exponent = _decimal(value)
    if -5 < exponent < 6:
        return format(Decimal(repr(value)).normalize(), "f")
    return f"{sign}{_mantissa(digits)}e{exponent:+03d}"


def _decimal(number: float) -> tuple[str, str, int]:
    """Sign, shortest digits and the exponent of the first one; `number` is not zero."""
    negative, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{number} has no JSON form")
    text = "".join(map(str, digits))
    return "-" if negative else "", text, exponent + len(text) - 1


def _mantissa(digits: str) -> str:
    return f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits

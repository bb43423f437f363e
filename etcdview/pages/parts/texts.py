"""How texts read, on pages and in a terminal: what others chose is made visible, and counts agree with their nouns."""

from __future__ import annotations

from etcdview.kube.reasons import reason as reason
from etcdview.kube.suggestions import did_you_mean as did_you_mean
from etcdview.kube.visible import unmistakable as unmistakable
from etcdview.kube.visible import visible as visible
from etcdview.kube.visible import visible_lines as visible_lines
from etcdview.kube.words import counted as counted
from etcdview.kube.words import plural as plural

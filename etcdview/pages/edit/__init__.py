"""Changes: edit, create, delete, put an older value back."""

from etcdview.writes import MAX_STORED_BYTES

# The text of the largest value that etcd takes, and the other fields of the form.
MAX_FORM_BYTES = MAX_STORED_BYTES + 64 * 1024

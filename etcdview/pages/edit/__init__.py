"""Changes: edit, create, delete, put an older value back."""

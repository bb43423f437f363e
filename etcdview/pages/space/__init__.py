"""What fills the database: the report of the API and the command, and the page."""

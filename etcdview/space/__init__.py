"""What fills the database: sums over the facts of values, and how they are drawn. Reads nothing itself."""

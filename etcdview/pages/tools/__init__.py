"""What commands without a page show: each a function that gives data. Printing it is the command line's."""

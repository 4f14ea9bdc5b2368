"""What is read from files that anybody may have written, checked before it is used."""

"""What a landing zone's creation asks of Azure, and how each of its steps is carried out."""

"""What a swap asks of Azure, and how each of its steps is carried out."""

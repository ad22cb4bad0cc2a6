"""What a build asks of Azure, and how each of its steps is carried out."""

"""What nobody needs any more, by name; never what serves, is staged, or is the last way back."""

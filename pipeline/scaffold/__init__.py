"""What `init` writes: a team's repository, from this project's own files and a few templates."""

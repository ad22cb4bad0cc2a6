"""What a CI runner is told besides the log: annotations, progress, and a summary of the job."""

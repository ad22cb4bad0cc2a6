"""Azure Storage's data plane, as far as blobs of one kind are put and got again."""

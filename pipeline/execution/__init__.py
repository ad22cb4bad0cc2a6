"""Making it so: Azure, Packer, checks, traffic. All input and output of the pipeline is here."""

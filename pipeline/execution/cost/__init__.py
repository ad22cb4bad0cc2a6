"""Reading prices, and asking Azure what there is to pay for."""

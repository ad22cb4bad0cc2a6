"""The virtual machines: real ones (QEMU) and simulated ones, behind one seam."""

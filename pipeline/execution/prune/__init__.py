"""Removing what nobody needs: what is asked of Azure, and how each step is carried out."""

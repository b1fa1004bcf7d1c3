"""From a message's bytes straight to the line that COPY is given."""

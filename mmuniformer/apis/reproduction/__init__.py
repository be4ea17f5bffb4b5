"""The paper's tables beside what is measured here."""

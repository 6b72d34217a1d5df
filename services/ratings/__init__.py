"""What residents say of a result: codes to say it with, who may see it, call-back samples, bursts from one device."""

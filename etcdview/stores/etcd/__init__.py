"""The live client: the only room that speaks grpc."""

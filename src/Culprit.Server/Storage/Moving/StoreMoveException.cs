namespace Culprit.Server.Storage.Moving;

/// <summary>The stores cannot be moved; the message tells the operator why.</summary>
internal sealed class StoreMoveException(string message) : Exception(message);

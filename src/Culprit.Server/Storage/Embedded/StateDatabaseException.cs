namespace Culprit.Server.Storage.Embedded;

/// <summary>The state database cannot be used; the message tells the operator why.</summary>
internal sealed class StateDatabaseException(string message) : Exception(message);

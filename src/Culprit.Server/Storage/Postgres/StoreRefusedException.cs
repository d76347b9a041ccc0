namespace Culprit.Server.Storage.Postgres;

/// <summary>The database cannot be used as it is; the message tells the operator why.</summary>
internal sealed class StoreRefusedException(string message) : Exception(message);

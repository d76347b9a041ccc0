using System.Data.Common;

namespace Culprit.Server.Storage;

/// <summary>The database does not answer, or not now: what was asked may be asked again.</summary>
internal sealed class StoreUnavailableException(string message, Exception? inner = null) : DbException(message, inner);

using System.Data.Common;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Another server has taken over the database: this one must write nothing more.</summary>
internal sealed class StoreFencedException(string message) : DbException(message);

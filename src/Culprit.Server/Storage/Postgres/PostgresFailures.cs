using System.Net.Sockets;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Tells failures of the database and of the way to it from those of what was asked.</summary>
internal static class PostgresFailures
{
    // Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that pass by themselves.
    private static readonly string[] Passing =
    [
        "08", // connection
        "53", // too many connections, out of memory, disk full
        "57P", // shut down, crashed, starting
        "57014", // cancelled, by a statement timeout say
        "55P03", // lock not available
        "40001", "40P01", // to be repeated
        "25006", // read-only: a replica that takes over
        "58", // input or output
    ];

    /// <summary>True when the failure is the database's or the network's, not that of the question.</summary>
    public static bool ArePassing(Exception e) => e switch
    {
        StoreUnavailableException => false,
        PostgresException p => Passing.Any(c => p.SqlState.StartsWith(c, StringComparison.Ordinal)),
        NpgsqlException or TimeoutException or SocketException or IOException => true,
        _ => false,
    };
}

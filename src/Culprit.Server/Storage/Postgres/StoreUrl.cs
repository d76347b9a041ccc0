using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Where the database is, as <c>postgres://user:password@host:port/database?sslmode=require</c>.</summary>
/// <param name="ConnectionString">For the driver. It has the password: never shown.</param>
/// <param name="Name">For people: host, port and database, nothing else.</param>
internal sealed record StoreUrl(string ConnectionString, string Name)
{
    public const string Allowed = "postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…";

    private const string DefaultDatabase = "culprit";

    // libpq's names for what the driver calls otherwise.
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["passfile"] = "Passfile",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
    };

    /// <summary>False when the text is no such URL; the mistake never repeats the text, which may hold a password.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out StoreUrl? url)
    {
        url = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql"))
        {
            return false;
        }

        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host.Length == 0 ? "localhost" : uri.IdnHost.Trim('[', ']'),
            Port = uri.Port > 0 ? uri.Port : NpgsqlConnection.DefaultPort,
            Database = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : DefaultDatabase,
            ApplicationName = "culprit",
            Timeout = 5,
            CommandTimeout = 30,
            MaxPoolSize = 20,
            KeepAlive = 10,
            SearchPath = PostgresMigrations.Schema,
        };
        try
        {
            var user = uri.UserInfo.Split(':', 2);
            builder.Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : builder.Username;
            builder.Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : builder.Password;
            foreach (var part in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                var (name, value) = part.IndexOf('=', StringComparison.Ordinal) is var at and > 0
                    ? (Uri.UnescapeDataString(part[..at]), Uri.UnescapeDataString(part[(at + 1)..]))
                    : throw new FormatException();
                builder[Renamed.GetValueOrDefault(name, name)] = name.Equals("sslmode", StringComparison.OrdinalIgnoreCase)
                    ? value.Replace("-", string.Empty, StringComparison.Ordinal)
                    : value;
            }
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            return false;
        }

        url = new StoreUrl(
            builder.ConnectionString,
            string.Create(CultureInfo.InvariantCulture, $"postgres://{builder.Host}:{builder.Port}/{builder.Database}"));
        return true;
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => Name;
}

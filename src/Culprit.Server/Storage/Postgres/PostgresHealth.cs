using Culprit.Server.Health;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Whether the database answers. While it does not, events are taken all the same, so this is never "down".</summary>
internal sealed class PostgresHealth(PostgresDatabase database) : IHealthSource
{
    public string Name => "database";

    public HealthReport Check() => new(
        database.Failure is null ? HealthState.Ok : HealthState.Degraded,
        database.Failure is { } failure ? "the database does not answer: " + failure : null,
        new Dictionary<string, object> { ["url"] = database.Url.Name, ["epoch"] = database.Epoch });
}

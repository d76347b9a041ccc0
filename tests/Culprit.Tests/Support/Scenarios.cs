namespace Culprit.Tests.Support;

/// <summary>Incidents that several tests look at.</summary>
internal static class Scenarios
{
    public static readonly string[] Names =
        ["seed", "seed-declared", "one-blamer", "repeated", "cascade", "loud-innocent", "silent", "healthy-accused", "memory", "deploy"];

    public static SomeDossier Named(string name) => name switch
    {
        "seed" => Seed(),
        "seed-declared" => WithSeedDependencies(Seed()),
        "one-blamer" => OneBlamer(),
        "repeated" => new SomeDossier().Error("user-service", "Database connection timeout", 1, count: 5),
        "cascade" => Cascade(),
        "loud-innocent" => LoudInnocent(),
        "silent" => SilentDependency(),
        "healthy-accused" => HealthyAccused(),
        "memory" => MemoryGrowth(),
        "deploy" => Deploy(at: -120),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    public static SomeDossier Seed() => new SomeDossier()
        .Error("api-gateway", "Upstream timeout", 0)
        .Error("user-service", "DB connection refused", 0.4)
        .Error("auth-service", "Redis unavailable", 0.8)
        .Error("user-service", "Query failed", 1.2)
        .Error("payment-service", "Transaction timeout", 1.6);

    public static SomeDossier WithSeedDependencies(SomeDossier builder) => builder
        .Depends("api-gateway", "user-service", "auth-service")
        .Depends("user-service", "postgres", "redis")
        .Depends("auth-service", "redis");

    public static SomeDossier OneBlamer() => new SomeDossier()
        .Error("user-service", "DB connection refused", 7)
        .Error("user-service", "Query failed", 7.2)
        .Error("api-gateway", "upstream user-service timed out", 8.2)
        .Error("payment-service", "call to user-service failed: timeout", 8.9)
        .Depends("user-service", "postgres")
        .Depends("api-gateway", "user-service");

    public static SomeDossier Cascade() => new SomeDossier().WithBaseline(60)
        .Error("orders", "failed to reserve stock", 12, count: 40)
        .Error("web", "Upstream timeout", 14, count: 300, before: 20)
        .Error("inventory", "NullPointerException in StockTable.reserve", 10, count: 45)
        .Logs("catalog", 500)
        .Depends("web", "orders", "catalog")
        .Depends("orders", "inventory");

    public static SomeDossier LoudInnocent() => new SomeDossier().WithBaseline(60)
        .Error("crawler", "page not found", 0, count: 500, before: 30_000)
        .Error("pricing", "cannot parse tariff table", 5, count: 3)
        .Logs("web", 2000);

    public static SomeDossier SilentDependency() => new SomeDossier().WithBaseline(60)
        .Error("cart", "request timed out", 20, count: 12)
        .Error("search", "request timed out", 21, count: 9)
        .Logs("profile", 0, lastAt: -30)
        .Logs("ads", 300)
        .Depends("cart", "profile", "ads")
        .Depends("search", "profile", "ads");

    public static SomeDossier HealthyAccused() => new SomeDossier().WithBaseline(60)
        .Error("mobile-api", "handshake to session-store failed", 3, count: 20)
        .Logs("session-store", 4000)
        .Logs("web", 2000);

    public static SomeDossier MemoryGrowth() => new SomeDossier().WithBaseline(60)
        .Error("web", "Upstream timeout", 30, count: 25)
        .Error("reports", "request took too long, giving up", 31, count: 8)
        .Metric("reports", "memory_used_mb", median: 400, value: 1900, at: 10, deviation: 12)
        .Metric("web", "latency_p95", median: 40, value: 4000, at: 40)
        .Depends("web", "reports", "catalog")
        .Logs("catalog", 400);

    public static SomeDossier Deploy(double at) => new SomeDossier().WithBaseline(60)
        .Error("checkout", "invalid discount code state", 2, count: 30)
        .Error("web", "Upstream timeout", 4, count: 60)
        .Depends("web", "checkout", "catalog")
        .Logs("catalog", 900)
        .Change("4f2c9d1e8b7a6c5d", "checkout", at);
}

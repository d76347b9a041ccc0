using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>A key that somebody wants; from the command line or from JSON of <c>POST /keys</c>.</summary>
internal sealed record KeyRequest(string Name, IReadOnlyList<string> Scopes)
{
    private const int MaxNames = 64;
    private const int MaxExpiryDays = 3650;

    public IReadOnlyList<string> Environments { get; init; } = [];

    public IReadOnlyList<string> Services { get; init; } = [];

    public string? MinimumLevel { get; init; }

    public double? Sample { get; init; }

    public int? RecordsPerSecond { get; init; }

    public long? BytesPerDay { get; init; }

    public bool LowPriority { get; init; }

    public int? ExpiresInDays { get; init; }

    /// <summary>Makes the key and its secret, which nothing else knows.</summary>
    /// <exception cref="ArgumentException">Something is not allowed; the message names it.</exception>
    public (ApiKey Key, string Secret) Make(DateTimeOffset now)
    {
        Check(Name.Trim().Length > 0 && Name.Length <= EventLimits.MaxNameLength && !Name.Any(char.IsControl), "name", $"1 to {EventLimits.MaxNameLength} characters, none of them control characters");
        var scopes = KeyWords.TryParse(Scopes) ?? throw Mistake("scopes", "one or more of " + string.Join(", ", KeyWords.Scopes));
        CheckNames(Environments, "environments");
        CheckNames(Services, "services");
        var isAdmin = (scopes & KeyScopes.Admin) != 0;
        Check(!isAdmin || (Environments.Count == 0 && Services.Count == 0), "scopes", "admin only without environments and services: it reaches all of them");
        Severity? level = null;
        if (MinimumLevel is not null)
        {
            level = Severities.TryParse(System.Text.Encoding.UTF8.GetBytes(MinimumLevel), out var known) ? known : throw Mistake("minimum_level", "a level such as info or warn");
        }

        Check(Sample is null or (>= SampleWeights.SmallestShare and <= 1), "sample", $"{SampleWeights.SmallestShare} to 1");
        Check(RecordsPerSecond is null or > 0, "records_per_second", "1 or more");
        Check(BytesPerDay is null or > 0, "bytes_per_day", "1 or more");
        Check(ExpiresInDays is null or (> 0 and <= MaxExpiryDays), "expires_in_days", $"1 to {MaxExpiryDays}");
        var secret = KeySecret.Create();
        var hash = KeySecret.Hash(secret);
        return (new ApiKey(KeySecret.IdOf(hash), hash, Name, scopes, now)
        {
            Environments = Environments,
            Services = Services,
            MinimumLevel = level,
            Sample = Sample ?? 1,
            RecordsPerSecond = RecordsPerSecond,
            BytesPerDay = BytesPerDay,
            IsLowPriority = LowPriority,
            ExpiresAt = ExpiresInDays is { } days ? now.AddDays(days) : null,
        }, secret);
    }

    private static void CheckNames(IReadOnlyList<string> names, string field)
    {
        Check(names.Count <= MaxNames, field, $"at most {MaxNames}");
        Check(names.All(n => JsonText.IsVisibleName(System.Text.Encoding.UTF8.GetBytes(n))), field, $"names of 1 to {EventLimits.MaxNameLength} visible characters");
    }

    private static void Check(bool ok, string field, string allowed)
    {
        if (!ok)
        {
            throw Mistake(field, allowed);
        }
    }

    private static ArgumentException Mistake(string field, string allowed) => new($"'{field}' is not allowed; use {allowed}.");
}

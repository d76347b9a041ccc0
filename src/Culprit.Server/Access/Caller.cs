using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>On whose behalf something is done. It follows the request through every await, so that no layer can forget to pass it on.</summary>
/// <param name="Key">Null for whoever may do all: a request on loopback where no key is asked for.</param>
internal sealed record Caller(ApiKey? Key)
{
    private static readonly AsyncLocal<Caller?> Ambient = new();

    public static Caller Local { get; } = new((ApiKey?)null);

    /// <summary>Null outside a request: the server itself.</summary>
    public static Caller? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>The only environments that the current caller may see; null for all.</summary>
    public static IReadOnlyList<string>? Environments => Current?.Key is { Environments: { Count: > 0 } environments } ? environments : null;

    /// <summary>As the audit log has it.</summary>
    public string Name => Key is null ? "local" : $"{Key.Id} ({Key.Name})";

    public static bool Sees(string environment) => Environments?.Contains(environment, StringComparer.Ordinal) != false;
}

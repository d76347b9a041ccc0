using Culprit.Tests.Rules.Offenders.Detection;

namespace Culprit.Tests.Rules.Offenders.Storage;

/// <summary>A store that knows a stage instead of nouns.</summary>
internal static class NosyStore
{
    public static string Asks() => EarlyStage.Name();

    public static string Name() => nameof(NosyStore);
}

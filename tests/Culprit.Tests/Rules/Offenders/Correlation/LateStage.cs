using Culprit.Tests.Rules.Offenders.Detection;
using Culprit.Tests.Rules.Offenders.Storage;

namespace Culprit.Tests.Rules.Offenders.Correlation;

/// <summary>May use an earlier stage, and must not use the store.</summary>
internal static class LateStage
{
    public static string LooksBack() => EarlyStage.Name();

    public static string Stores() => NosyStore.Name();
}

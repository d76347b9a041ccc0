using Culprit.Tests.Rules.Offenders.Correlation;

namespace Culprit.Tests.Rules.Offenders.Detection;

/// <summary>Uses a later stage: proves that <see cref="ChainRule"/> can fail. Never run.</summary>
internal static class EarlyStage
{
    public static string LooksAhead() => LateStage.LooksBack();

    public static string Name() => nameof(EarlyStage);
}

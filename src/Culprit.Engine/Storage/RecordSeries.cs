using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>What records are counted by, besides time: records that agree in all of it are one series.</summary>
/// <param name="Type">The wire's <c>type</c>.</param>
internal sealed record RecordSeries(
    string Service, string Environment, Severity Severity, EventKind Kind, string Type, PatternId Pattern)
{
    /// <summary>Whether records of the series can be what the question is about; time, text and ids are not looked at.</summary>
    public bool Matches(RecordQuery where) =>
        (where.Service is null || where.Service == Service)
        && (where.Environment is null || where.Environment == Environment)
        && where.Patterns?.Contains(Pattern) != false
        && where.Levels?.Contains(Severity) != false
        && where.Types?.Contains(Type) != false;
}

namespace Culprit.IntegrationTests.Faults;

/// <summary>Fault tests measure times and press on the machine: one after the other, and beside no other test.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultCollection
{
    public const string Name = "faults";
}

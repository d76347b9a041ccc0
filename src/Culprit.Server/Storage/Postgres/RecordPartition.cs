namespace Culprit.Server.Storage.Postgres;

/// <summary>Records of one retention class that came in between two moments: a table that is dropped whole.</summary>
/// <param name="From">Inclusive, Unix nanoseconds of arrival.</param>
/// <param name="To">Exclusive.</param>
/// <param name="MaxReceived">Arrival of its newest record; <paramref name="From"/> while it is empty.</param>
internal sealed record RecordPartition(string Name, int Class, long From, long To, long Records, long MaxReceived)
{
    public bool Holds(int retentionClass, long receivedNanos) =>
        Class == retentionClass && receivedNanos >= From && receivedNanos < To;
}

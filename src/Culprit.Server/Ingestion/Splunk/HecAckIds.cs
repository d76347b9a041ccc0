namespace Culprit.Server.Ingestion.Splunk;

/// <summary>Numbers the requests that want to be acknowledged. They begin anew with the process: none is asked for that is not durable.</summary>
internal sealed class HecAckIds
{
    private long _next = -1;

    public long? Next(bool hasChannel) => hasChannel ? Interlocked.Increment(ref _next) : null;
}

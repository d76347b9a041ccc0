using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Benchmarks.Storage;

/// <summary>Made-up log records of 12 services and 60 kinds of message, about 300 encoded bytes each, four to a trace.</summary>
internal static class SampleRecords
{
    private const int Patterns = 60;
    private const int RecordsPerTrace = 4;

    public static IReadOnlyList<string> Services { get; } =
    [
        "api-gateway", "user-service", "auth-service", "payment-service", "order-service", "inventory", "search", "mailer",
        "billing", "catalog", "recommender", "shipping",
    ];

    /// <param name="timeOf">Event time of a sequence, in Unix nanoseconds.</param>
    public static RecordBatch CreateBatch(
        RecordBatchWriter writer, Random random, long firstSequence, int rows, Func<long, long> timeOf, long receivedNanos)
    {
        writer.Reset();
        Span<byte> trace = stackalloc byte[16];
        for (var i = 0; i < rows; i++)
        {
            var pattern = random.Next(Patterns);
            var service = Services[(pattern + random.Next(3)) % Services.Count];
            if (i % RecordsPerTrace == 0)
            {
                random.NextBytes(trace);
            }

            var (user, request, duration) = (random.Next(100_000), random.NextInt64(), random.Next(5000));
            writer.Begin();
            writer.Set(LogRecord.ServiceField, Encoding.UTF8.GetBytes(service));
            writer.Set(LogRecord.EnvironmentField, "production"u8);
            writer.Set(LogRecord.SourceField, Encoding.UTF8.GetBytes($"fluentd:{service}-prod"));
            writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes(BodyOf(pattern, user, duration)));
            writer.Set(LogRecord.AttributesField, Encoding.UTF8.GetBytes(
                $$"""{"host":"{{service}}-{{random.Next(8)}}","request_id":"{{request:x16}}","user_id":{{user}},"duration_ms":{{duration}}}"""));
            writer.Set(LogRecord.TraceIdField, Encoding.UTF8.GetBytes(Convert.ToHexStringLower(trace)));
            writer.Commit(
                timeOf(firstSequence + i) + random.Next(1_000_000), EventKind.Log, pattern % 20 == 0 ? Severity.Error : Severity.Info, RecordFlags.None);
        }

        return writer.ToBatch(receivedNanos, firstSequence);
    }

    private static string BodyOf(int pattern, int user, int duration) => (pattern % 6) switch
    {
        0 => $"Request to upstream-{pattern} for user {user} timed out after {duration} ms, giving up after {pattern} retries",
        1 => $"GET /api/v1/resource{pattern}/{user} 200 in {duration} ms from 10.0.{pattern}.{user % 250}",
        2 => $"Processed order {user * 31} of customer {user} through step {pattern} in {duration} ms",
        3 => $"Cache miss for key session:{user}:{pattern}, loading from database took {duration} ms",
        4 => $"Scheduled job cleanup-{pattern} finished: {user} rows removed in {duration} ms",
        _ => $"User {user} signed in with method {pattern} from session {duration:x8}, token refreshed",
    };

    public static BatchAnnotations Annotate(RecordBatch batch)
    {
        var annotations = new BatchAnnotations(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            annotations.Patterns[i] = new PatternId(0x9e3779b97f4a7c15UL * ((ulong)batch[i].Body.Length % Patterns + 1));
        }

        return annotations;
    }
}

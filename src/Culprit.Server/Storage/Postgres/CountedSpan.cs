using System.Data.Common;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>One row of a count.</summary>
/// <param name="Span">Its start, in the unit of the question.</param>
/// <param name="Series">What was not asked for is empty.</param>
/// <param name="Weight">What the records stand for after sampling.</param>
internal readonly record struct CountedSpan(long Span, RecordSeries Series, long Records, long Weight)
{
    public static CountedSpan Read(DbDataReader reader)
    {
        var kind = (EventKind)reader.GetInt16(4);
        return new CountedSpan(
            reader.GetInt64(0),
            new RecordSeries(
                reader.Text(1),
                reader.Text(2),
                (Severity)reader.GetInt16(3),
                kind,
                RecordRow.TypeName(kind, reader.Text(5)),
                new PatternId(unchecked((ulong)reader.GetInt64(6)))),
            reader.GetInt64(7),
            reader.GetInt64(8));
    }
}

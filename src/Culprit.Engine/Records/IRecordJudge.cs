namespace Culprit.Engine.Records;

/// <summary>Decides of each record whether it goes into the batch, and with which mark.</summary>
internal interface IRecordJudge
{
    bool Admits(in LogRecord record, out RecordMark mark);
}

using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>A step of a flow: one pattern of one service.</summary>
internal readonly record struct FlowStep(string Service, PatternId Pattern)
{
    public void Save(SnapshotWriter writer)
    {
        writer.Bytes(Encoding.UTF8.GetBytes(Service));
        writer.Hash(Pattern.Value);
    }

    public static FlowStep Load(ref SnapshotReader reader) =>
        new(Encoding.UTF8.GetString(reader.Bytes()), new PatternId(reader.Hash()));
}

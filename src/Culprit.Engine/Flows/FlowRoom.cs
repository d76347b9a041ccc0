namespace Culprit.Engine.Flows;

/// <summary>How many statistics of steps and pauses there is still room for, in all kinds of a stage.</summary>
internal sealed class FlowRoom(int left)
{
    public int Left { get; set; } = left;

    public bool Take()
    {
        if (Left <= 0)
        {
            return false;
        }

        Left--;
        return true;
    }
}

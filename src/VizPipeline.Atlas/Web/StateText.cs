using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web;

/// <summary>The state of an atlas in words.</summary>
internal static class StateText
{
    /// <summary>Returns one or a few words.</summary>
    /// <param name="state">The state in the catalog.</param>
    /// <param name="isStopped">Whether jobs remain and no process works on them.</param>
    public static string Word(AtlasState state, bool isStopped) => state switch
    {
        AtlasState.Running => isStopped ? "stopped" : "in progress",
        AtlasState.Completed => "completed",
        AtlasState.CompletedWithFailures => "completed with failures",
        _ => "cancelled",
    };

    /// <summary>Returns the state with its figures.</summary>
    public static string Line(AtlasSummary line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var word = Word(line.Atlas.State, line.IsStopped);
        return line.Atlas.State switch
        {
            AtlasState.Running => $"{word}, {Format.Number(line.Done)} of {Format.Counted(line.Jobs, "job")} done",
            AtlasState.Completed => $"{word} {Format.Time(line.Atlas.FinishedAt)}",
            AtlasState.CompletedWithFailures =>
                $"completed with {Format.Counted(line.Failed, "failed job")}",
            _ => word,
        };
    }
}

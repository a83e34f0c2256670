using System.Text;

namespace VizPipeline.Jobs;

/// <summary>Commands as they lie in the jobs table until they are sent.</summary>
public static class JobPayload
{
    /// <summary>A command as JSON.</summary>
    public static string Write(IJobCommand command) => Encoding.UTF8.GetString(VizJson.Write<object>(command));

    /// <summary>The command of a stored job, for one attempt.</summary>
    /// <exception cref="CorruptTableException">The payload is not a command of that kind.</exception>
    public static IJobCommand Read(JobKind kind, string payload, int attempt)
    {
        var json = Encoding.UTF8.GetBytes(payload);
        return kind switch
        {
            JobKind.Scan => VizJson.Read<ScanShard>(json) with { Attempt = attempt },
            JobKind.Gather => VizJson.Read<GatherShards>(json) with { Attempt = attempt },
            JobKind.Merge => VizJson.Read<MergeLayer>(json) with { Attempt = attempt },
            JobKind.Patches => VizJson.Read<RenderPatches>(json) with { Attempt = attempt },
            JobKind.Ascent => VizJson.Read<AscendNeurons>(json) with { Attempt = attempt },
            JobKind.Filters => VizJson.Read<RenderFilters>(json) with { Attempt = attempt },
            JobKind.Sheet => VizJson.Read<RenderSheet>(json) with { Attempt = attempt },
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of job"),
        };
    }
}

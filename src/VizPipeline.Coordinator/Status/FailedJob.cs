using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>A job that was given up or could never start.</summary>
/// <param name="Job">Its number.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="What">A description, e.g. the layer and the range of neurons.</param>
/// <param name="State">Failed, or blocked by a failed job.</param>
/// <param name="Failures">The number of failures.</param>
/// <param name="Error">The last error, in one line.</param>
public sealed record FailedJob(long Job, JobKind Kind, string What, JobState State, int Failures, string? Error)
{
    /// <summary>Describes a job from the catalog.</summary>
    public static FailedJob Describe(Job job, AtlasSpec spec)
    {
        ArgumentNullException.ThrowIfNull(job);
        var command = new JobMessage(job.Kind, job.Payload, job.Attempt).ReadCommand();
        return new(job.JobId, job.Kind, JobKinds.Get(job.Kind).DescribeJob(spec, command), job.State, job.Failures, job.Error);
    }
}

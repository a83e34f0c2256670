using VizPipeline.Images;

namespace VizPipeline.Cli.Embedded;

/// <summary>Shows the progress of listing and hashing a large image set.</summary>
internal static class ListingProgress
{
    private const int Every = 2_000;

    /// <summary>Creates a progress that writes to standard error.</summary>
    public static IProgress<ManifestProgress> ToConsole() => new Lines();

    private sealed class Lines : IProgress<ManifestProgress>
    {
        private int _last;

        public void Report(ManifestProgress value)
        {
            if (value.Done - _last < Every)
                return;
            _last = value.Done;
            Console.Error.WriteLine($"listing images: {value.Done:N0} of {value.Total:N0}");
        }
    }
}

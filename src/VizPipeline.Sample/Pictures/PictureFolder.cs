using VizPipeline.Images;
using VizPipeline.Network.Formats;

namespace VizPipeline.Sample.Pictures;

/// <summary>Writes generated pictures as an image set with one folder per class.</summary>
public static class PictureFolder
{
    private const string SeedFile = ".seed";

    /// <summary>
    /// Draws pictures 0 to <paramref name="count"/> - 1 of a seed into <c>class/index.jpg</c>. Existing files are complete and are kept, so
    /// an interrupted call is finished by calling again, and a larger count only adds files.
    /// </summary>
    /// <param name="path">The folder; created if it is missing.</param>
    /// <param name="count">Number of pictures in the set.</param>
    /// <param name="seed">Seed of the set.</param>
    /// <param name="progress">Receives the number of existing pictures.</param>
    /// <param name="cancellation">Stops between two pictures.</param>
    /// <returns>The number of pictures that had to be drawn.</returns>
    /// <exception cref="InvalidOperationException">The folder holds pictures of another seed.</exception>
    public static int Generate(string path, int count, long seed, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Claim(path, seed);
        foreach (var name in PictureGenerator.Classes)
            Directory.CreateDirectory(Path.Combine(path, name));

        int drawn = 0, there = 0;
        var parallel = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, count, parallel, index =>
        {
            var file = Path.Combine(path, PictureGenerator.Classes[index % PictureGenerator.Classes.Count], $"{index:D6}.jpg");
            if (!File.Exists(file))
            {
                // Jpeg keeps the full colour resolution: at 96 pixels, subsampled colour would smear what the first layer detects.
                AtomicFile.Write(file, Jpeg.Encode(PictureGenerator.Draw(seed, index).Image, 92), isDurable: false);
                Interlocked.Increment(ref drawn);
            }
            progress?.Report(Interlocked.Increment(ref there));
        });
        return drawn;
    }

    // Two seeds in one folder would give a mixture that cannot be reproduced.
    private static void Claim(string path, long seed)
    {
        Directory.CreateDirectory(path);
        var marker = Path.Combine(path, SeedFile);
        if (!File.Exists(marker))
            AtomicFile.Write(marker, System.Text.Encoding.ASCII.GetBytes($"{seed}\n"));
        var claimed = File.ReadAllText(marker).Trim();
        if (claimed != $"{seed}")
        {
            throw new InvalidOperationException(
                $"{path} holds the pictures of seed {claimed}, not {seed}: name another folder, or delete this one");
        }
    }
}

using System.Text;
using VizPipeline.Sample.Training;

namespace VizPipeline.Sample.Model;

/// <summary>The trained network that ships with the product, and how to write one like it.</summary>
public static class SampleNetwork
{
    /// <summary>File name of the network, in a folder as in the product.</summary>
    public const string ModelFile = "sample-network.onnx";

    /// <summary>File name of its description: classes, preprocessing, training.</summary>
    public const string DescriptionFile = "sample-network.json";

    /// <summary>File name of its preprocessing, which is found beside the model by this name.</summary>
    public const string PreprocessingFile = "sample-network.preprocess.json";

    /// <summary>File name of its class list, a name a line.</summary>
    public const string ClassesFile = "sample-network.classes.txt";

    /// <summary>Preprocessing, classes and training of the network that ships.</summary>
    public static SampleDescription Description => SampleDescription.Parse(new MemoryStream(Shipped(DescriptionFile)));

    /// <summary>The ONNX file that ships.</summary>
    public static byte[] Model => Shipped(ModelFile);

    /// <summary>Copies the network that ships into a folder, with the files beside it that commands look for.</summary>
    /// <returns>The path of the network's file.</returns>
    public static string WriteTo(string folder) => Write(folder, Model, Shipped(DescriptionFile), Description);

    /// <summary>Writes a network that <see cref="SampleTrainer"/> trained, in the same files.</summary>
    /// <returns>The path of the network's file.</returns>
    public static string WriteTo(string folder, TrainedNetwork trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        var description = SampleDescription.Of(trained);
        return Write(folder, OnnxWriter.Write(trained.Weights), description.ToJson(), description);
    }

    private static string Write(string folder, byte[] model, byte[] json, SampleDescription description)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        WholeFile.Write(Path.Combine(folder, DescriptionFile), json);
        WholeFile.Write(
            Path.Combine(folder, PreprocessingFile), Encoding.UTF8.GetBytes(description.Preprocessing.ToPreprocessing().ToJson() + "\n"));
        WholeFile.Write(Path.Combine(folder, ClassesFile), Encoding.UTF8.GetBytes(string.Join('\n', description.Classes) + "\n"));
        // Last, so that whoever sees the network also finds how to feed it.
        var path = Path.Combine(folder, ModelFile);
        WholeFile.Write(path, model);
        return path;
    }

    private static byte[] Shipped(string file)
    {
        using var stream = typeof(SampleNetwork).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is missing from this build: train it and build again");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}

using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>What people write behind --images: folders, archives, braces, lists.</summary>
public sealed class ImageSetSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train-{08..11}.tar", "train-08.tar train-09.tar train-10.tar train-11.tar")]
    [InlineData("{a,b}/{9..10}.zip", "a/9.zip a/10.zip b/9.zip b/10.zip")]
    [InlineData("plain.tar", "plain.tar")]
    public void Braces_mean_what_they_mean_in_a_shell(string text, string paths)
        => Assert.Equal(paths.Split(' '), ImageSetSource.Expand(text));

    [Theory]
    [InlineData("x/{1..}.tar", "is neither a range")]
    [InlineData("x/{3..1}.tar", "is no range")]
    [InlineData("x/{0..99999999}.tar", "more than 1000000")]
    [InlineData("x/{1..2.tar", "not closed")]
    [InlineData("x/{a,b}.doc", "'a.doc' is neither a picture nor an archive")]
    [InlineData("s3://{a,b}/x.tar", "more than one bucket")]
    [InlineData("s3://bucket/sets/list.txt", "a list is not read from a bucket")]
    public void What_is_wrong_is_told_in_one_line(string text, string message)
    {
        var error = Assert.Throws<ImageSetException>(() => ImageSetSource.Parse(text));
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Buckets_keep_their_address()
    {
        var source = ImageSetSource.Parse("s3://bucket/sets/{train,val}/x-{0..1}.tar");
        Assert.Equal("s3://bucket/sets", source.Root);
        Assert.Equal(["train/x-0.tar", "train/x-1.tar", "val/x-0.tar", "val/x-1.tar"], source.Only);
        Assert.Null(ImageSetSource.Parse("s3://bucket/sets").Only);
    }

    [Fact]
    public void A_missing_shard_is_named_before_anything_is_read()
    {
        var source = ImageSetSource.Parse(Path.Combine(_folder.Path, "x-{0..1}.tar"));
        Assert.Contains("has no x-0.tar", Assert.Throws<ImageSetException>(() => Build(source)).Message);
    }

    [Fact]
    public void A_list_that_is_too_large_for_one_is_not_read()
    {
        var list = _folder.Write("huge.txt", "a.png\n");
        using (var file = File.OpenWrite(list))
            file.SetLength(5L << 30);
        Assert.Contains("is larger than 1000 MB", Assert.Throws<ImageSetException>(() => ImageSetSource.Parse(list)).Message);
    }

    [Fact]
    public void A_list_names_pictures_with_or_without_labels()
    {
        foreach (var name in new[] { "a/1.png", "a/2 two.png", "b/3.png", "b/4.png" })
            _folder.Write(name, name);
        var list = _folder.Write(
            "lists/train.txt", $"# mine\n../b/3.png\tsea lion\n../a/2 two.png\n../a/1.png cat\n{_folder.Path}/b/3.png\tsea lion\n");
        var source = ImageSetSource.Parse(list);
        Assert.Equal(_folder.Path, source.Root);
        var manifest = Build(source);
        Assert.Equal(["a/1.png", "a/2 two.png", "b/3.png"], manifest.Entries.Select(entry => entry.Path));
        Assert.Equal(["cat", null, "sea lion"], manifest.Entries.Select(entry => entry.Class));

        // Relative to the list's folder, whatever folder it is read in.
        var beside = _folder.Write("a/all.csv", "1.png,cat\n2 two.png,dog\nmissing.png,cat\n");
        var again = Build(ImageSetSource.Parse(beside));
        Assert.Equal(["1.png", "2 two.png", "missing.png"], again.Entries.Select(entry => entry.Path));
        Assert.Equal("the file or the target of its link is missing", again.Entries[2].Unreadable);
        Assert.Contains("is no text", Assert.Throws<ImageSetException>(
            () => ImageSetSource.Parse(_folder.Write("model.onnx", [8, 7, 0, 65, 10]))).Message);
        Assert.Contains("is empty", Assert.Throws<ImageSetException>(() => ImageSetSource.Parse(_folder.Write("none.txt", "#\n"))).Message);
    }

    private static ImageManifest Build(ImageSetSource source)
    {
        using var files = new ImageFiles(source.Root);
        return ImageManifest.Build(
            files, new() { Only = source.Only, ListLabels = source.Labels }, cancellationToken: TestContext.Current.CancellationToken);
    }
}

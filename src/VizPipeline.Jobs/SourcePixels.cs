namespace VizPipeline.Jobs;

/// <summary>Decides which stored pictures show pixels of the image set, whose licence may not allow publishing them.</summary>
public static class SourcePixels
{
    /// <summary>Whether contact sheets show pixels of the image set: they put the top patches beside other pictures.</summary>
    public static bool AreInSheets => true;

    /// <summary>Returns whether the pictures of a method show pixels of the image set.</summary>
    /// <param name="method">One of <see cref="PictureMethod"/>.</param>
    public static bool AreIn(string method) => method is PictureMethod.Top9 or PictureMethod.Facets;
}

